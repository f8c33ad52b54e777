/** What ends a round of figures. */
export const roundEnd = '==';

const marks = {
  apart: 'plimsoll.apart',
  pinned: 'plimsoll.pinned',
  project: 'com.docker.compose.project',
  service: 'com.docker.compose.service',
};
const labels = Object.values(marks).map(name => `{{with index .Config.Labels "${name}"}}{{.}}{{end}}`);
const limits = ['NanoCpus', 'CpuQuota', 'CpuPeriod', 'Memory', 'MemoryReservation'];
const inspected = ['{{.Id}}', '{{.Name}}', ...limits.map(name => `{{.HostConfig.${name}}}`), ...labels].join(
  '\t',
);

/**
 * What sh(1) does on a machine that has docker or podman (`engine`, such as `sudo docker`) but no plimsoll: in each round
 * lines of what the kernel says of the machine, and what the engine says of its containers. It ends with its
 * connection, as it can write to nobody then.
 */
export function engineScript(engine: string, everySeconds: number): string {
  return `${engine} version >/dev/null || exit 126
while echo "name $(uname -n)"; do
echo "clock $(date +%s)"
echo "cores $(getconf _NPROCESSORS_ONLN)"
sed -n 's/^cpu /cpu /p' /proc/stat
sed -n -e 's/^MemTotal:/total/p' -e 's/^MemAvailable:/available/p' /proc/meminfo
ids=$(${engine} ps -q --no-trunc)
if [ -n "$ids" ]; then
${engine} inspect --format 'i	${inspected}' $ids 2>/dev/null
${engine} stats --no-stream --no-trunc --format 's	{{.ID}}	{{.CPUPerc}}	{{.MemUsage}}' 2>/dev/null
fi
echo '${roundEnd}'
sleep ${everySeconds}
done`;
}

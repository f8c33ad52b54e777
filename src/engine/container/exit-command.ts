import { join } from 'node:path';
import type { Root } from '../store/index.ts';
import { pathsOf } from './world.ts';

/**
 * A shell that a monitor starts when its container has ended. A plimsoll costs 30-50 ms to start, so first it waits
 * for the process that attends the container, if there is a living one, at most some five seconds; a run that is
 * settled by then needs nothing more. Else it runs plimsoll, again after as many seconds as that prints: so a restart
 * policy with a pause needs no process but this one. A plimsoll that is killed (137) is called once more, also where it
 * had begun the next run by then: nobody else knows of that. One that fails, on a machine that is short of something
 * for instance, is called twice more.
 * Where hundreds end at once, two at a time are settled: as many programs as that would take all of the memory.
 * Arguments: file that names the run, the run, file that names the attendant, folder of locks, then plimsoll's command
 * line.
 */
const script = `
unset _OCI_SYNCPIPE _OCI_STARTPIPE _OCI_ATTACHPIPE
run=$1 id=$2 attended=$3 locks=$4; shift 4
case $id in [0-7]*) turn=0 ;; *) turn=1 ;; esac
current() { read -r now 2>/dev/null < "$run" && [ "$now" = "$id" ]; }
attendant() {
  { read -r pid start < "$attended"; } 2>/dev/null || return 1
  { read -r stat < "/proc/$pid/stat"; } 2>/dev/null || return 1
  set -- \${stat##*) }; shift 19
  [ "$1" = "$start" ]
}
n=0
while [ $n -lt 50 ]; do
  current || exit 0
  attendant || break
  sleep 0.1; n=$((n+1))
done
again=0 failed=0
while [ $again = 1 ] || current; do
  exec 9>"$locks/exit-$turn"
  flock -w 60 9
  [ $again = 1 ] || current || exit 0
  pause=$("$@" 9>&-)
  code=$?
  exec 9>&-
  case $code in
    0) again=0 failed=0 ;;
    137) again=1; sleep 1; continue ;;
    126|127) exit ;;
    *) again=1 failed=$((failed+1)); [ $failed -lt 3 ] || exit 0; sleep $failed; continue ;;
  esac
  [ -n "$pause" ] || exit 0
  sleep "$pause"
done`;

/** Program and arguments for the monitor of one run; harmless if plimsoll's own command line is not known. */
export function exitCommand(root: Root, id: string, run: string, self: readonly string[]): string[] {
  if (self.length === 0) return ['/bin/true'];
  const paths = pathsOf(root, id);
  const plimsoll = [...self, 'internal', 'exited', '--root', root.dataDir, id];
  const locks = join(root.runDir, 'locks');
  return ['/bin/sh', '-c', script, 'sh', paths.run, run, paths.attended, locks, ...plimsoll];
}

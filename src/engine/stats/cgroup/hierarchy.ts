/** Where the cgroup controllers of a machine are mounted. */
export interface CgroupHierarchy {
  /** `hybrid`: controllers on v1, with a v2 tree beside them. */
  readonly version: 'v1' | 'v2' | 'hybrid';
  /** Mount point of each v1 controller (`memory`, `cpu`, ...). */
  readonly v1: Readonly<Record<string, string>>;
  /** Mount point of the v2 tree. */
  readonly v2?: string;
}

/** The hierarchy from the text of /proc/self/mountinfo, see proc(5): of two mounts of a controller, the first counts. */
export function parseCgroupHierarchy(mountinfo: string): CgroupHierarchy {
  const v1: Record<string, string> = {};
  let v2: string | undefined;
  for (const line of mountinfo.split('\n')) {
    const [left = '', right = ''] = line.split(' - ');
    const mountPoint = left.split(' ')[4];
    const [type, , options = ''] = right.split(' ');
    if (mountPoint === undefined) continue;
    if (type === 'cgroup2') v2 ??= mountPoint;
    if (type !== 'cgroup') continue;
    for (const option of options.split(',')) if (controllers.has(option)) v1[option] ??= mountPoint;
  }
  const version = Object.keys(v1).length === 0 ? 'v2' : v2 === undefined ? 'v1' : 'hybrid';
  return v2 === undefined ? { version, v1 } : { version, v1, v2 };
}

const controllers = new Set(['cpu', 'cpuacct', 'memory', 'blkio', 'pids', 'cpuset', 'freezer', 'devices']);

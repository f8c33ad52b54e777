/** Limits to write down: cores, and bytes in whole MiB. */
export interface ExportedLimits {
  readonly name: string;
  readonly cpus: number;
  readonly memoryBytes: number;
}

/** The forms in which limits can be taken elsewhere. */
export const limitForms = ['plimsoll', 'docker', 'compose', 'kubernetes'] as const;
export type LimitForm = (typeof limitForms)[number];

/** Limits as command lines, as one Compose file to merge in, or as pieces of Kubernetes manifests. */
export function exportLimits(list: readonly ExportedLimits[], form: LimitForm): string {
  if (list.length === 0) return '';
  const lines = list.map(limits => write[form](limits)).join('');
  return form === 'compose' ? `services:\n${lines}` : lines;
}

const write: Readonly<Record<LimitForm, (limits: ExportedLimits) => string>> = {
  plimsoll: limits => `plimsoll update --cpus ${limits.cpus} --memory ${mebibytes(limits)}m ${limits.name}\n`,
  // Docker refuses a memory limit above that of memory and swap as it is.
  docker: limits =>
    `docker update --cpus ${limits.cpus} --memory ${mebibytes(limits)}m --memory-swap ${mebibytes(limits) * 2}m ${limits.name}\n`,
  compose: limits => `  ${limits.name}:
    deploy:
      resources:
        limits:
          cpus: "${limits.cpus}"
          memory: ${mebibytes(limits)}M
`,
  // Requests are what the scheduler sets apart. A CPU limit would only make it wait for cores that nobody uses.
  kubernetes: limits => `# container ${limits.name}
resources:
  requests:
    cpu: ${Math.ceil(limits.cpus * 1000)}m
    memory: ${mebibytes(limits)}Mi
  limits:
    memory: ${mebibytes(limits)}Mi
`,
};

function mebibytes({ memoryBytes }: ExportedLimits): number {
  return Math.ceil(memoryBytes / 1024 ** 2);
}

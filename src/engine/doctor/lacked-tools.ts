import { missingTools } from './examine-tools.ts';
import { hostTools, toolFolders } from './host-tools.ts';

/**
 * Names of what this machine lacks and without which nothing can be built or run. `path` is the caller's PATH. Starts
 * no program, so that it can be asked at every start.
 */
export function lackedTools(path: string | undefined): string[] {
  const required = hostTools.filter(({ needed }) => needed === 'required');
  return missingTools(required, toolFolders(path)).map(({ name }) => name);
}

/** What a token must allow to read a repository. */
export function pullScope(path: string): string {
  return `repository:${path}:pull`;
}

/** What a token must allow to write to a repository. */
export function pushScope(path: string): string {
  return `repository:${path}:pull,push`;
}

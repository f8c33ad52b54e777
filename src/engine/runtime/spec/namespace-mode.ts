/** Where a process is in a kind of namespace: in one of its own, in the host's, or in that of a path. */
export type NamespaceMode = 'private' | 'host' | { readonly path: string };

/** The kinds that a user may choose for; the network has its own way. */
export type NamespaceKind = 'pid' | 'ipc' | 'uts' | 'cgroup';

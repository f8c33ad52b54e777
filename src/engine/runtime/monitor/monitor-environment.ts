import { callerVariable } from '../../kernel/index.ts';

/** The environment of a monitor: by which descriptors it talks, and what its exit command needs to find the same root. */
export function monitorEnvironment(pipes: {
  readonly sync: number;
  readonly start: number;
  readonly attach?: number;
}): NodeJS.ProcessEnv {
  const ofCaller = [callerVariable, 'XDG_RUNTIME_DIR'].flatMap(name =>
    process.env[name] ? [[name, process.env[name]]] : [],
  );
  return {
    PATH: process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin',
    ...Object.fromEntries(ofCaller),
    _OCI_SYNCPIPE: String(pipes.sync),
    _OCI_STARTPIPE: String(pipes.start),
    ...(pipes.attach === undefined ? {} : { _OCI_ATTACHPIPE: String(pipes.attach) }),
  };
}

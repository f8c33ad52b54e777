import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PlimsollError } from '../../../errors.ts';
import { type RunResult, resolveInRoot, run } from '../../kernel/index.ts';
import type { GitSource } from '../dockerfile/index.ts';

/** How repositories that are not open to everybody are reached. */
export interface GitAccess {
  /** Socket of the agent for ssh addresses. */
  agent(): Promise<string | undefined>;
  /** Value of the HTTP header Authorization for a host. */
  authorization(host: string): string | undefined;
}

/**
 * The commit that a source names now. Asks the remote, unless the source names a whole commit itself. Throws
 * `unavailable`, `not-found` for a ref that is not there, `data-loss` if it is not the commit that it must be.
 */
export async function resolveGit(
  source: GitSource,
  access: GitAccess,
  signal: AbortSignal | undefined,
): Promise<string> {
  const { ref, checksum } = source;
  const commit = isCommit(ref) ? ref : await askRemote(source, access, signal);
  if (checksum !== undefined && !commit.startsWith(checksum)) {
    throw new PlimsollError('data-loss', `"${source.remote}" has the commit ${commit}, not ${checksum}`, {
      code: 'CHECKSUM_MISMATCH',
      hint: 'the branch or tag has moved: find out whether the Dockerfile or the repository is right',
    });
  }
  return commit;
}

/** Checks a commit out below `folder`, which must be empty. Returns the folder that the source means. */
export async function checkOutGit(
  source: GitSource,
  commit: string,
  options: { readonly folder: string; readonly access: GitAccess; readonly signal: AbortSignal | undefined },
): Promise<string> {
  const { folder, access, signal } = options;
  const repository = join(folder, 'repository');
  mkdirSync(repository);
  const git = gitIn(repository, await environmentOf(source, access), signal);
  await must(source, git('init', '--quiet'));
  if (source.keepGitDir) await must(source, git('remote', 'add', 'origin', source.remote));
  await fetchCommit(source, commit, git);
  await must(source, git('checkout', '--quiet', '--detach', commit));
  if (source.submodules && existsSync(join(repository, '.gitmodules'))) {
    await must(source, git('submodule', 'update', '--init', '--recursive', '--quiet'));
  }
  if (!source.keepGitDir) removeGitDir(repository);
  return resolveInRoot(repository, source.subdir);
}

type Git = (...args: string[]) => Promise<RunResult>;

/** One commit alone where the server gives that, else what its ref leads to, else all that there is. */
async function fetchCommit(source: GitSource, commit: string, git: Git): Promise<void> {
  const fetch = (...args: string[]) => git('fetch', '--quiet', '--no-tags', ...args);
  const isThere = async () => (await git('cat-file', '-e', `${commit}^{commit}`)).code === 0;
  if ((await fetch('--depth=1', source.remote, commit)).code === 0) return;
  if ((await fetch('--depth=1', source.remote, source.ref ?? 'HEAD')).code === 0 && (await isThere())) return;
  const all = ['+refs/heads/*:refs/remotes/origin/*', '+refs/tags/*:refs/tags/*'];
  await must(source, fetch(source.remote, ...all));
  if (await isThere()) return;
  throw new PlimsollError('not-found', `"${source.remote}" has no commit ${commit}`, {
    code: 'GIT_REF_NOT_FOUND',
    hint: 'check the commit; a commit that no branch and no tag leads to cannot be had from every server',
  });
}

async function askRemote(
  source: GitSource,
  access: GitAccess,
  signal: AbortSignal | undefined,
): Promise<string> {
  const { remote, ref = 'HEAD' } = source;
  const git = gitIn('/', await environmentOf(source, access), signal);
  const { stdout } = await must(source, git('ls-remote', remote, ref, `${ref}^{}`));
  const found = new Map(stdout.split('\n').map(line => line.split('\t').toReversed() as [string, string]));
  const names =
    ref.startsWith('refs/') || ref === 'HEAD' ? [ref] : [`refs/tags/${ref}`, `refs/heads/${ref}`, ref];
  for (const name of names) {
    const commit = found.get(`${name}^{}`) ?? found.get(name); // what an annotated tag points at comes first
    if (commit !== undefined) return commit;
  }
  throw new PlimsollError('not-found', `"${remote}" has no branch or tag "${ref}"`, {
    code: 'GIT_REF_NOT_FOUND',
    hint: 'name a branch, a tag, or all digits of a commit',
  });
}

/** Never asks a person, runs no hook, and takes no repository of this machine for a submodule. */
function gitIn(folder: string, env: NodeJS.ProcessEnv, signal: AbortSignal | undefined): Git {
  const safe = [
    '-c',
    'core.hooksPath=/dev/null',
    '-c',
    'advice.detachedHead=false',
    '-c',
    'protocol.file.allow=never',
  ];
  return (...args) =>
    run('git', [...safe, ...args], { cwd: folder, env, ...(signal === undefined ? {} : { signal }) });
}

/** What git needs to know beyond its arguments; in the environment, which other users cannot read. */
async function environmentOf({ remote }: GitSource, access: GitAccess): Promise<NodeJS.ProcessEnv> {
  const env: NodeJS.ProcessEnv = { ...process.env, GIT_TERMINAL_PROMPT: '0' };
  const { GIT_DIR: _dir, GIT_WORK_TREE: _tree, GIT_INDEX_FILE: _index, ...own } = env;
  if (/^https?:/i.test(remote)) {
    const authorization = access.authorization(new URL(remote).host);
    if (authorization === undefined) return own;
    return {
      ...own,
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: `http.${new URL(remote).origin}/.extraheader`,
      GIT_CONFIG_VALUE_0: `Authorization: ${authorization}`,
    };
  }
  if (remote.startsWith('git:')) return own;
  const agent = await access.agent();
  const ssh =
    'ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile="/dev/null ~/.ssh/known_hosts"';
  return { GIT_SSH_COMMAND: ssh, ...own, ...(agent === undefined ? {} : { SSH_AUTH_SOCK: agent }) };
}

async function must({ remote }: GitSource, result: Promise<RunResult>): Promise<RunResult> {
  const { code, stderr, stdout, signal } = await result;
  if (code === 0) return { code, stderr, stdout, signal };
  const words = stderr.trim().split('\n').at(-1) ?? '';
  throw new PlimsollError(
    'unavailable',
    `"${remote}" cannot be fetched: ${words || `git ended with ${code}`}`,
    {
      code: 'GIT_FAILED',
      hint: 'check the address and that this machine may read it; --ssh default and the secret GIT_AUTH_TOKEN give access',
      data: { detail: stderr.slice(0, 2000) },
    },
  );
}

function removeGitDir(repository: string): void {
  rmSync(join(repository, '.git'), { recursive: true, force: true });
}

function isCommit(ref: string | undefined): ref is string {
  return ref !== undefined && /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(ref);
}

import type { Attachment } from '../engine/index.ts';
import type { Cli } from './cli.ts';
import { pumpInput } from './pump-input.ts';
import { writeForeign } from './write-foreign.ts';

/** Connects this terminal with a running container until it ends or the keys to leave it are typed. */
export async function pumpAttachment(
  cli: Cli,
  attachment: Attachment,
  { tty, interactive }: { tty: boolean; interactive: boolean },
): Promise<'ended' | 'detached'> {
  const left = Promise.withResolvers<'detached'>();
  const release = tty ? () => {} : cli.takeSignals(() => left.resolve('detached'));
  const onDetach = () => left.resolve('detached');
  using _input = interactive ? pumpInput(cli, attachment, { tty, onDetach }) : undefined;
  try {
    return await Promise.race([copy(cli, attachment, tty), left.promise]);
  } finally {
    release();
  }
}

async function copy(cli: Cli, { output }: Attachment, tty: boolean): Promise<'ended'> {
  for await (const { stream, data } of output) {
    writeForeign(stream === 'stderr' ? cli.stderr : cli.stdout, data, { raw: tty });
  }
  return 'ended';
}

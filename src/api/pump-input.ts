import type { Engine } from '../engine/index.ts';
import { watchDetachKeys } from '../words/index.ts';
import type { ClientStream } from './client-stream.ts';

type Attachment = Awaited<ReturnType<Engine['containers']['attach']>>;

/**
 * Passes a client's input on to a process. Resolves when the keys to leave its terminal were typed, else never: what the
 * client sends may end long before the output does.
 */
export function pumpInput(
  { input }: ClientStream,
  attachment: Attachment,
  { tty, detachKeys }: { readonly tty: boolean; readonly detachKeys: readonly number[] },
): Promise<void> {
  const watch = tty ? watchDetachKeys(detachKeys) : undefined;
  return new Promise(resolve => {
    const copy = async () => {
      for await (const chunk of input as AsyncIterable<Buffer>) {
        const { data, detached } = watch?.(chunk) ?? { data: chunk, detached: false };
        if (data.length > 0) await attachment.write(data);
        if (detached) return resolve();
      }
      if (!tty) attachment.endInput();
    };
    copy().catch(() => {}); // the client has left
  });
}

import { isPlimsollError } from '../../errors.ts';
import type { Attachment, ContainerService } from './types.ts';

/**
 * A connection for input, whose output is dropped: the log has it. Undefined if the container has ended already, or is
 * gone.
 */
export async function attachForInput(
  containers: Pick<ContainerService, 'attach'>,
  name: string,
): Promise<Attachment | undefined> {
  try {
    const attachment = await containers.attach(name);
    void drain(attachment);
    return attachment;
  } catch (error) {
    if (isPlimsollError(error, 'conflict') || isPlimsollError(error, 'not-found')) return undefined;
    throw error;
  }
}

async function drain({ output }: Attachment): Promise<void> {
  for await (const { data } of output) void data;
}

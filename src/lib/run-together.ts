/**
 * Runs actions side by side. When one fails the signal of the others fires; all are waited for, so that nothing goes on
 * after this has thrown: the first failure, not what it brought about. `signal` from outside fires theirs too.
 */
export async function runTogether<T>(
  actions: readonly ((signal: AbortSignal) => Promise<T>)[],
  signal?: AbortSignal,
): Promise<T[]> {
  const stop = new AbortController();
  const both = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  let failure: { readonly error: unknown } | undefined;
  const outcomes = await Promise.allSettled(
    actions.map(async action => {
      try {
        return await action(both);
      } catch (error) {
        failure ??= { error };
        stop.abort();
        throw error;
      }
    }),
  );
  if (failure !== undefined) throw failure.error;
  return outcomes.flatMap(outcome => (outcome.status === 'fulfilled' ? [outcome.value] : []));
}

/** Linux's signals by name, as Docker knows them (signal(7)); those of real time are counted from either end. */
const names = new Set(
  (
    'ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP ' +
    'TSTP TTIN TTOU UNUSED URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX'
  ).split(' '),
);

/** True for `SIGTERM`, `term`, `RTMIN+3` and numbers from 1 to 64. */
export function isSignal(text: string): boolean {
  if (/^\d+$/.test(text)) return Number(text) >= 1 && Number(text) <= 64;
  const name = text.toUpperCase().replace(/^SIG/, '');
  const distance = /^RTM(?:IN\+|AX-)(\d{1,2})$/.exec(name)?.[1];
  return names.has(name) || (distance !== undefined && Number(distance) <= 15);
}

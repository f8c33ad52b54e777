import { resolveRoot } from './engine/index.ts';

console.log(resolveRoot({ env: process.env, uid: process.getuid?.() ?? 0 }).dataDir);

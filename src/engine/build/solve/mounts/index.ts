/**
 * What RUN --mount shows to a step: files of other places, kept folders, memory, secrets, an agent.
 * @module
 */
export { inMemory, openMounts } from './open-mounts.ts';
export { type SecretSource, type SecretValues, secretValues } from './secret-values.ts';
export { type SshAgents, type SshSource, sshAgents } from './ssh-agents.ts';

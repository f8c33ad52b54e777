/**
 * What builds did and do: a record and a journal each, for every process of the root.
 * @module
 */
export { type BuildJournal, journalPath, openBuildJournal } from './build-journal.ts';
export { type BuildRecords, commandSteps, createBuildRecords } from './build-records.ts';
export { followJournal } from './follow-journal.ts';
export { createSideSteps, type SideStep, type SideSteps } from './side-steps.ts';
export { stepCosts } from './step-costs.ts';

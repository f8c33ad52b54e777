import { randomInt } from 'node:crypto';
import { PlimsollError } from '../../errors.ts';

const adjectives = (
  'able amber bold brave breezy bright briny brisk buoyant calm cheerful clever coastal copper crisp deep drifting ' +
  'eager early even fair faithful fleet foggy free gallant gentle glad golden hardy hearty high honest humble ' +
  'jaunty jolly keen kind lively loyal lucky lunar merry mighty mild misty moonlit nimble noble northern patient ' +
  'plain proud quick quiet ready salty sandy sharp silver sleek smooth snug sound southern spry stately steady ' +
  'stern stormy stout strong sturdy sunny swift tidal tidy tranquil trim true upbeat valiant warm watchful western ' +
  'wide windy wise witty young zealous'
).split(' ');

const nouns = (
  'admiral albatross anchor atoll ballast barge barnacle beacon berth bilge binnacle boatswain boom bow bowline ' +
  'brig buoy cable caique capstan captain caravel cleat clipper coble compass coral corvette cove coxswain current ' +
  'cutter davit deckhand dhow dinghy dolphin dory draught ferry fjord flagship fluke foresail forecastle frigate ' +
  'galleon galley gangway gull gunwale halyard harbour hatch hawser helm heron hull island jetty jib kayak keel ' +
  'kelp ketch lagoon lantern lateen lighter lighthouse lugger mainsail mariner marlin mast mizzen moorage narwhal ' +
  'navigator oar orca osprey packet pelican petrel pilot pinnace porpoise porthole quay raft reef rigging rudder ' +
  'sailor schooner scow seal sextant shallop shoal skiff skipper sloop spar spinnaker stern swell tender tide ' +
  'tiller topsail trawler trireme tugboat wake warp wharf wherry windlass xebec yacht yawl'
).split(' ');

/** A made-up name such as `brave_keel`; with a number at its end from the third try on, as docker's. */
export function makeName(attempt: number): string {
  const pick = (words: readonly string[]) => words[randomInt(words.length)] ?? 'plain';
  const name = `${pick(adjectives)}_${pick(nouns)}`;
  return attempt < 3 ? name : `${name}${randomInt(10 ** Math.min(attempt - 2, 6))}`;
}

/** Checks a container's name by docker's rule. Throws `invalid-argument` (`NAME_INVALID`). */
export function validateName(name: string): void {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,127}$/.test(name)) return;
  throw new PlimsollError('invalid-argument', `"${name}" cannot be the name of a container`, {
    code: 'NAME_INVALID',
    hint: 'use 2 to 128 letters, digits, _ . or -, and begin with a letter or digit',
    data: { name },
  });
}

/** A file that tells systemd what to run. */
export interface Unit {
  /** As systemctl(1) knows it: `plimsoll-boot.service`. */
  readonly name: string;
  readonly path: string;
  readonly text: string;
  /** Started by systemd at boot; others are started by one that is. */
  readonly enabled: boolean;
}

/** Which units are meant. */
export interface UnitRequest {
  /** Those of the caller's own systemd (`systemctl --user`), in place of the machine's. */
  readonly user: boolean;
  /** Beside what is done at boot: the Docker API, on a socket that systemd holds. `uninstall` takes it away unasked. */
  readonly daemon?: boolean;
}

/** What is to be written, and then to be run. */
export interface UnitPlan {
  readonly units: readonly Unit[];
  readonly commands: readonly (readonly string[])[];
  /** Sentences on what else has to be so, for it to work. */
  readonly advice: readonly string[];
}

/**
 * The units by which the machine starts what plimsoll has to do at boot, and its API. They are written whole or not at all; an
 * installation that is made again writes the same, and what it enables stays so.
 */
export interface UnitService {
  /** The words by which a unit calls plimsoll on this root; the verb comes after them. */
  readonly command: readonly string[];
  /** What `install` would do; touches nothing, and needs no systemd. */
  plan(request: UnitRequest): UnitPlan;
  /**
   * Writes the units, enables and starts them. Throws `unavailable` (`NO_SYSTEMD`) where systemd does not run the
   * machine, with what to do there; `permission-denied` (`NEEDS_ROOT`) for the machine's units by an ordinary user.
   */
  install(request: UnitRequest): Promise<UnitPlan>;
  /** Disables the units and takes them away; returns the paths of those that were there. Throws as `install` does. */
  uninstall(request: UnitRequest): Promise<string[]>;
}

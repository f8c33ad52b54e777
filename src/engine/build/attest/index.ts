/**
 * What a build says of its image: how it was made (SLSA), and what is installed in it (SPDX).
 * @module
 */
export { type BuildMaterial, type ProvenanceFacts, provenance, provenanceType } from './provenance.ts';
export { sbom, sbomType } from './sbom.ts';

/**
 * The OCI image spec's nouns as plain types, and their parsers and formatters. No effects.
 * @module
 */
export type {
  HealthcheckConfig,
  ImageConfig,
  ImageHistory,
  ImageProcessConfig,
  Platform,
} from './image-config.ts';

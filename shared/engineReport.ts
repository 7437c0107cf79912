/** What the ladder of engines found on this machine; part of the protocol. */
import { Type, type Static } from 'typebox';
import { RungId } from './config.ts';

/** `used` passed and is the best; `passed` works too; `failed`, `software` and `missing` were passed over. */
export const RungVerdict = Type.Enum(['used', 'passed', 'failed', 'software', 'missing', 'untested']);
export const RungReport = Type.Object({
  id: RungId,
  title: Type.String(),
  device: Type.Union([Type.String(), Type.Null()]),
  version: Type.Union([Type.String(), Type.Null()]),
  verdict: RungVerdict,
  /** Why it was taken or passed over. */
  reason: Type.String(),
  /** What a user can do to make it work; empty where there is nothing to do. */
  remedy: Type.String(),
  /** Seconds the self-test took, null where it did not run. */
  seconds: Type.Union([Type.Number(), Type.Null()]),
});
export type RungReport = Static<typeof RungReport>;

export const EngineReport = Type.Object({
  /** The rung that runs take by default; null while testing or when none works. */
  chosen: Type.Union([RungId, Type.Null()]),
  testing: Type.Boolean(),
  /** What the user asked for with --backend. */
  requested: Type.Union([Type.Literal('auto'), RungId]),
  rungs: Type.Array(RungReport),
  node: Type.String(),
  platform: Type.String(),
});
export type EngineReport = Static<typeof EngineReport>;

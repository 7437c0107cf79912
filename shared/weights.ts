/** Weights that were sent to start a run from; part of the protocol. */
import { Type, type Static } from 'typebox';

/** Names the weights in a RunRequest. */
export const WeightsId = Type.String({ pattern: '^[0-9a-f]{16}$' });

/** A weights file that the server holds. */
export const WeightsInfo = Type.Object({
  id: WeightsId,
  /** The fields of NetworkConfig that the file states; a run that names no preset takes them. */
  network: Type.Record(Type.String(), Type.Unknown()),
});
export type WeightsInfo = Static<typeof WeightsInfo>;

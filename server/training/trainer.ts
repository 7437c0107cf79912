/** A training as a stream of events. It knows no process and no socket: whoever iterates it decides where they go. */
import { failureEvent } from './failure.ts';
import type { TrainerEvent } from './messages.ts';
import { Session } from './session.ts';
import { Training, type TrainOptions } from './training.ts';

export type { TrainOptions } from './training.ts';

/** Runs a whole training: `ready`, then events until `end` or `failure`. Before the first step comes the recording of
 * epoch 0 at λ = 1; every epoch ends with its evaluation, snapshot and checkpoint. Errors become a `failure` event,
 * and every tensor is disposed when the iteration ends. */
export async function* train(options: TrainOptions): AsyncGenerator<TrainerEvent> {
  let session: Session | undefined;
  let training: Training | undefined;
  try {
    session = new Session(options.config, options.dataset, options.resume, options.weights);
    training = new Training(options, session);
    yield* training.run();
  } catch (error) {
    if (training) yield* training.unsaved();
    yield failureEvent(error);
  } finally {
    session?.dispose();
  }
}

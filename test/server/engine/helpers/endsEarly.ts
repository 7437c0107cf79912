/** Leaves TensorFlow hundreds of ops and ends the process at once. */
import * as tf from '@tensorflow/tfjs-core';
import { startEngine } from '../../../../server/engine/start.ts';
import { ops } from '../../../../server/nn/ops.ts';

await startEngine('tensorflow', { allowSoftware: false });
const weights = tf.zeros([1, 1, 64, 64]) as tf.Tensor4D;
const x = tf.zeros([8, 32, 32, 64]) as tf.Tensor4D;
for (let i = 0; i < 500; i++) tf.tidy(() => void ops().conv1x1(x, weights));
console.log('queued');
process.exit(0);

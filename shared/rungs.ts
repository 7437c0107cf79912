/** The rungs of the ladder of engines, best first. Apart from the schemas (config.ts): processes that try a rung or train
 * on one check none, and would load their library, hundreds of files, for nothing. */
export const RUNG_IDS = ['tensorflow-gpu', 'webgpu', 'tensorflow', 'wasm', 'cpu'] as const;

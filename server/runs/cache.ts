/** Where rendered and downloaded data are kept between runs. */
import envPaths from 'env-paths';

/** VANILLASCOPE_CACHE, or the system's place for caches. */
export function cacheFolder(): string {
  return process.env['VANILLASCOPE_CACHE'] || envPaths('vanillascope', { suffix: '' }).cache;
}

/** Is this Node.js new enough? Written for old versions too, so that they get an answer and no syntax error. */

/** The version as [major, minor].
 * @param {string} version such as '20.19.0' */
function parts(version) {
  return version.split('.').slice(0, 2).map(Number);
}

/** What is wrong with a version of Node.js, or null. Vite needs `require` of ES modules: 20.19, 22.12 or later.
 * @param {string} version such as '20.19.0'
 * @returns {string | null} */
export function nodeProblem(version) {
  const [major = 0, minor = 0] = parts(version);
  const fits = major === 20 ? minor >= 19 : major === 22 ? minor >= 12 : major > 22;
  if (fits) return null;
  return (
    'vanillascope needs Node.js 20.19 or later (of the 22 series 22.12 or later); this is ' +
    version +
    '.\nA current one comes from https://nodejs.org, or with: nvm install --lts'
  );
}

/** Ends the process with a plain message where Node.js is too old. */
export function requireNode() {
  const problem = nodeProblem(process.versions.node);
  if (problem === null) return;
  console.error(problem);
  process.exit(1);
}

/** It does not even start. */
throw new Error('no helper today');

/** Preloaded after the loader, whose thread can die while it is set up and leave the process waiting for ever: who says
 * this has come past that. The threads of a process preload it too, and have no channel. */
process.send?.({ type: 'up' }, () => undefined);

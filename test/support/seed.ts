import fc from 'fast-check';

/**
 * Run before each test file of rings 1 to 3. Continuous integration judges the change, not the luck of the draw: there every property tries the same
 * values each time. Everywhere else they are others each time, and what they find gets a test of its own.
 */
if (process.env['CI'] === 'true') fc.configureGlobal({ seed: 1_006_496_782 });

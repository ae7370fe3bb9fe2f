/**
 * The command line: it parses, prints and leaves with an exit code, and holds no logic of its own.
 *
 * <p>{@link dev.tarn.cli.Main} knows the commands. Flags of a run come from the one schema of
 * {@link dev.tarn.run.RunConfig}, so that a flag, a key of the file and the help never drift apart. What a command finds out
 * goes to standard output, as text or with {@code --json} as JSON lines and nothing else; notes and logs go to standard
 * error.
 *
 * <h2>Exit codes</h2>
 *
 * 0 done; 2 configuration; 3 data; 4 device; 5 device memory; 6 checkpoint; 7 diverged; 1 a defect of Tarn. A failure is one
 * sentence, or with {@code --json} one {@code error} event besides, and never a stack trace.
 */
@NullMarked
package dev.tarn.cli;

import org.jspecify.annotations.NullMarked;

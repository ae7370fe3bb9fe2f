/**
 * Everything that a run is besides its weights: what was asked for, on what, and what happened.
 *
 * <p>A run begins with a {@link dev.tarn.run.RunConfig}: one YAML file of nested records, overridden by flags, checked
 * before anything is opened, and printed whole, so that no default is hidden. It takes a {@link dev.tarn.run.RunFolder},
 * locked for one writer, which receives the complete configuration, the {@link dev.tarn.run.Provenance} (version, machine,
 * command, data with their SHA-256) and, line by line, the {@link dev.tarn.run.MetricsLog}. Weights are written by the
 * room {@code checkpoint} into the folder {@code checkpoints} inside.
 *
 * <h2>The folder</h2>
 *
 * <pre>
 *   config.yaml        the whole effective configuration; {@code --config} reads it again
 *   provenance.json    one object, see {@link dev.tarn.run.Provenance}
 *   metrics.jsonl      one JSON object a line, see {@link dev.tarn.run.MetricsLog}
 *   checkpoints/       last/ and best/
 *   plots/             pictures
 *   report.html        all of this on one page, when {@code tarn run report} was asked for it
 *   .lock              held while a process writes here
 * </pre>
 *
 * <h2>Durability</h2>
 *
 * Files appear whole or not at all ({@link dev.tarn.run.AtomicFile}); metrics are appended and synced at the end of every
 * epoch, so a crash loses at most the lines of the epoch under way.
 */
@NullMarked
package dev.tarn.run;

import org.jspecify.annotations.NullMarked;

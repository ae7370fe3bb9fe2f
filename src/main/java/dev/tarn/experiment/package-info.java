/**
 * Answers a question with many trainings: what does the norm-stabilizer of Krueger &amp; Memisevic (2016) do for AWD-LSTM
 * and for the classifiers that are made of it?
 *
 * <p>Reading order: an {@link dev.tarn.experiment.Arm} is one way to penalize; a {@link dev.tarn.experiment.Cell} is an arm
 * with a seed, a folder of its own and what was found in it; {@link dev.tarn.experiment.NormStabilizerExperiment} goes through
 * the cells. A {@link dev.tarn.experiment.Results} is what all cells together say, as numbers, a page and pictures, with
 * the statistics of {@link dev.tarn.experiment.Summary}.
 *
 * <h2>Why the comparison is fair</h2>
 *
 * The arms differ in nothing but their penalties. With one seed they start from the same weights, read the same windows in
 * the same order and draw the same dropout masks, because all of these follow from the seed alone. So differences between
 * arms are taken seed by seed, and what a seed does to every arm alike falls out of them.
 *
 * <h2>The folder of an experiment</h2>
 *
 * <pre>
 *   lm.yaml, experiment.json        what it is: another configuration is refused
 *   data/                           the texts, if the experiment prepared them
 *   ARM/SEED/lm/                    the run of the language model, see {@code dev.tarn.run}
 *   ARM/SEED/lm.json                what it came to; a part that has its file is never run again
 *   results.md, plots/              what all cells together say
 * </pre>
 *
 * <h2>Invariants</h2>
 *
 * <ul>
 *   <li>A cell is worked on by the holder of its lock, so several processes share a folder and take different cells.
 *   <li>A result is written whole or not at all, and only after its run has ended.
 *   <li>A training that diverges is a result, not a failure: the same seed would diverge again.
 * </ul>
 */
@NullMarked
package dev.tarn.experiment;

import org.jspecify.annotations.NullMarked;

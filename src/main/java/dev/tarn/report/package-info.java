/**
 * Turns what a run measured into pictures, and a run folder into one page. A plot takes plain arrays and gives PNG bytes or
 * a file, so this room does not know how training works; {@code train} and {@code cli} bring it numbers. Drawing needs no
 * display, but it needs a font: where the machine has none, plots fail with a message that says what to install, and
 * training goes on without them.
 *
 * <p>{@link dev.tarn.report.LossPlot} shows the training loss over the steps and the validation loss over the epochs,
 * {@link dev.tarn.report.LrFinderPlot} the loss over the learning rate with the suggested rates,
 * {@link dev.tarn.report.NormPlot} the norms of the hidden state over the time steps of a window,
 * {@link dev.tarn.report.HorizonPlot} loss and norms far beyond the length of a window.
 * {@link dev.tarn.report.RunReport} puts the plots of a folder beside its epochs, configuration and provenance.
 */
@NullMarked
package dev.tarn.report;

import org.jspecify.annotations.NullMarked;

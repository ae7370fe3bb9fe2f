/** Tests of the arithmetic of experiments; {@code ExperimentTest} in {@code cli} runs a whole one. */
@NullMarked
package dev.tarn.experiment;

import org.jspecify.annotations.NullMarked;

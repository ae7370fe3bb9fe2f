/**
 * Uses a trained model: text that goes on from a prompt.
 *
 * <p>{@link dev.tarn.infer.TextGenerator} feeds a prompt, then one token after another, carrying the hidden state;
 * {@link dev.tarn.infer.Sampling} says how the next token is chosen from the distribution. Both follow fastai v1's
 * {@code LanguageLearner.predict}. Tokens stay ids there; {@link dev.tarn.infer.Decode} turns the markers that the text
 * rules put in ({@code xxmaj}, {@code xxup}, {@code xxrep}, {@code xxwrep}) back into what a person reads.
 */
@NullMarked
package dev.tarn.infer;

import org.jspecify.annotations.NullMarked;

/**
 * Turns text into token ids, with the result that fastai v1 gives.
 *
 * <p>A document passes through {@link dev.tarn.text.TextPipeline}: the pre rules of {@link dev.tarn.text.TextRules} rewrite
 * the raw text (markup, repetitions, spaces), a {@link dev.tarn.text.Tokenizer} cuts it, the post rules move capitals into
 * tokens of their own. {@link dev.tarn.text.TokenCounts} counts the tokens of the training documents,
 * {@link dev.tarn.text.Vocab} gives the frequent ones their ids with the {@link dev.tarn.text.SpecialToken}s in front, and
 * {@link dev.tarn.text.Numericalizer} turns documents into ids. Everything that walks over many documents does so on several
 * threads, hands the results on in the order of the documents and keeps only a few batches in memory.
 *
 * <h2>Whose letters</h2>
 *
 * What is a space, a letter, upper or lower case is what Python says, not what Java says, and does not change with the
 * JDK: {@code characters.txt} beside the classes holds the tables. U+0085, for one, is a space to Python and not to Java,
 * and stands in more than a thousand IMDB reviews.
 *
 * <h2>Cost</h2>
 *
 * No regular expression is run. A chunk between two spaces is cut once and remembered, so that the frequent words of a
 * corpus cost one look-up; all classes are safe for use by many threads unless they say otherwise.
 */
@NullMarked
package dev.tarn.text;

import org.jspecify.annotations.NullMarked;

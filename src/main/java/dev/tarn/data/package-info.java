/**
 * Turns text files into token stores and token ids into training batches.
 *
 * <p>Reading order: {@link dev.tarn.data.Corpus} finds documents, labels and splits in lines, folders or tables, which {@link
 * dev.tarn.data.TextFiles} reads strictly; {@link dev.tarn.data.PreparedText} makes one folder of them, with the ids in a
 * memory-mapped {@link dev.tarn.data.TokenStore} and labels and origins in a {@link dev.tarn.data.DocumentTable}; {@link
 * dev.tarn.data.TextCheck} says what looks wrong. Then {@link dev.tarn.data.LanguageModelStream} reads {@link
 * dev.tarn.data.Tokens} as B parallel streams and cuts them in windows whose lengths {@link dev.tarn.data.BpttWindows} draws,
 * and {@link dev.tarn.data.DocumentBatches} puts whole {@link dev.tarn.data.Documents} side by side for a classifier. {@link
 * dev.tarn.data.NgramBaseline} says what counting alone would reach on the same text, {@link dev.tarn.data.QuickstartCorpus}
 * writes a small one, and {@code data.download} fetches well-known ones.
 *
 * <h2>Shapes</h2>
 *
 * Inputs and targets are int32 [T,B], time-major: the targets are the inputs shifted by one token. T differs from window
 * to window and is at least 1; B never changes. Batches of documents are [T,B] too, padded on the left.
 *
 * <h2>Invariants</h2>
 *
 * Stream b of a window continues where stream b of the window before ended. All that is random follows from (seed, epoch),
 * so an epoch can be counted before it starts and entered anywhere.
 *
 * <h2>The token store, version 1</h2>
 *
 * One file, little-endian, without padding: header, token section, offset section, end of file. A file of any other size
 * is refused.
 *
 * <pre>
 * offset  bytes       field
 *      0  8           "TARNTOKS"
 *      8  4           version, 1
 *     12  4           V, the size of the vocabulary; every id is below it
 *     16  8           N, the number of tokens, at least 1
 *     24  8           D, the number of documents, at least 1
 *     32  64          fingerprint of the vocabulary, ASCII, filled up with zeros
 *     96  4           CRC32C of the token section
 *    100  4           CRC32C of the offset section
 *    104  20          zeros
 *    124  4           CRC32C of bytes 0 to 123
 *    128  4·N         token section: the ids, int32
 *  128+4N 8·(D+1)     offset section: the first token of each document, then N; int64
 * </pre>
 *
 * All three checksums are verified when a store is opened, never later. A writer makes the header last, in a temporary
 * file that is synced and renamed, so a store is complete or not there.
 *
 * <h2>Cost</h2>
 *
 * A window copies 8·T·B bytes and allocates nothing.
 */
@NullMarked
package dev.tarn.data;

import org.jspecify.annotations.NullMarked;

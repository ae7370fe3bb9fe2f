/**
 * Fetches public data sets into a cache folder.
 *
 * <p>Reading order: {@link dev.tarn.data.download.DataSet} says what there is and which checksum it must have;
 * {@link dev.tarn.data.download.DataSetCache} goes from a name to a folder; {@link dev.tarn.data.download.Download} brings one
 * file, going on where an earlier try stopped; {@link dev.tarn.data.download.Archive} unpacks it.
 *
 * <h2>Invariants</h2>
 *
 * A folder of the cache is there whole or not at all: a file is checked before it gets its name, and an archive is unpacked
 * beside its place and then renamed. Nothing in an archive can write outside its folder or fill the disk beyond a bound.
 */
@NullMarked
package dev.tarn.data.download;

import org.jspecify.annotations.NullMarked;

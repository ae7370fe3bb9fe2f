/**
 * Weights and training state on disk.
 *
 * <p>Tensors lie in safetensors files under the names that PyTorch and fastai give them ({@code 0.encoder.weight},
 * {@code 0.rnns.0.weight_hh_l0_raw}), so that Python can read them without Tarn; {@link dev.tarn.checkpoint.SafeTensors}
 * reads and writes that format. A {@link dev.tarn.checkpoint.Checkpoint} is a folder of such files with one JSON beside
 * them, and holds everything that the next step of a training run depends on: a run resumed from it goes on bit for bit.
 * It is published by one rename, and a manifest of checksums tells a damaged or mixed one from a whole one.
 *
 * <p>Weights learned elsewhere come in through {@link dev.tarn.checkpoint.PthFile}, which reads what {@code torch.save}
 * wrote without executing it, and {@link dev.tarn.checkpoint.ItosPickle} for the vocabulary. They become a
 * {@link dev.tarn.checkpoint.Pretrained} folder, from which runs start, and leave by
 * {@link dev.tarn.checkpoint.FastaiExport}; {@link dev.tarn.checkpoint.FastaiNames} says what fastai calls each tensor.
 *
 * <h2>The safetensors format</h2>
 *
 * <pre>
 *   u64 little-endian   length of the header in bytes, at most 100 000 000
 *   header              JSON object, name → {"dtype", "shape", "data_offsets": [begin, end)}; padded with spaces;
 *                       the optional key "__metadata__" maps strings to strings
 *   data                raw little-endian values, row-major; offsets count from here, without holes or overlaps
 * </pre>
 *
 * Whatever breaks a rule is refused with a {@link dev.tarn.CheckpointException} that names the file and the rule, before
 * anything of the size that the file claims is allocated.
 */
@NullMarked
package dev.tarn.checkpoint;

import org.jspecify.annotations.NullMarked;

package dev.tarn.backend.cuda;

import dev.tarn.DeviceException;
import dev.tarn.backend.Mask;
import dev.tarn.backend.Padding;
import dev.tarn.backend.Regularization;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jcuda.driver.CUdevice_attribute;
import org.jspecify.annotations.Nullable;

/**
 * The activation regularizers with the backward of the output dropout, in two launches: the paper's form takes one over h
 * and a small one for the values; the seed's, whose gradients need the norm of the whole window, two over h.
 */
final class CudaRegularizer {

    private static final int FORM_NONE = 0;
    private static final int FORM_PAPER = 1;
    private static final int FORM_SEED = 2;

    private static final int PHASE_ALL = 0;
    private static final int PHASE_SUMS = 1;
    private static final int PHASE_GRADIENT = 2;

    /** Time steps of a block at most: with more, too few blocks share a processor. */
    private static final int LARGEST_TILE = 16;

    /** What static shared memory of the kernel takes at most, beside what a launch asks for. */
    private static final int STATIC_BYTES = 128;

    private final CudaDevice device;
    private final CudaEmbedding dropout;
    private final Kernel main;
    private final Kernel sumUp;
    private final int sharedBytes;
    private final ByteBuffer numbers = ByteBuffer.allocate(24).order(ByteOrder.nativeOrder());

    CudaRegularizer(CudaDevice device, CudaEmbedding dropout) {
        this.device = device;
        this.dropout = dropout;
        main = device.kernel("activation_reg");
        sumUp = device.kernel("activation_reg_values");
        sharedBytes =
                device.attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK) - STATIC_BYTES;
    }

    void run(
            Regularization spec,
            CudaTensor h,
            @Nullable Padding padding,
            Mask mask,
            CudaTensor h0,
            CudaTensor dDropped,
            CudaTensor dh,
            CudaTensor values,
            @Nullable CudaTensor norms) {
        if (spec.isNone() && norms == null) {
            dropout.lockedDropout(dDropped, mask, dh);
            device.memory().zero(values.pointer(), values.bytes());
            return;
        }
        Launch launch = new Launch(spec, h, padding, mask, h0, dDropped, dh, values, norms);
        if (launch.form == FORM_SEED) {
            launch.main(PHASE_SUMS);
            launch.main(PHASE_GRADIENT);
        } else {
            launch.main(PHASE_ALL);
            launch.values();
        }
    }

    /** The arguments that both launches have in common. */
    private final class Launch {
        private final CudaTensor h;
        private final @Nullable Padding padding;
        private final Mask mask;
        private final CudaTensor h0;
        private final CudaTensor dDropped;
        private final CudaTensor dh;
        private final CudaTensor values;
        private final DevicePointer norms;
        private final DevicePointer arSums;
        private final DevicePointer differenceSums;
        private final DevicePointer initialNorms;
        private final int steps;
        private final int batch;
        private final int hidden;
        private final int form;

        Launch(
                Regularization spec,
                CudaTensor h,
                @Nullable Padding padding,
                Mask mask,
                CudaTensor h0,
                CudaTensor dDropped,
                CudaTensor dh,
                CudaTensor values,
                @Nullable CudaTensor norms) {
            this.h = h;
            this.padding = padding;
            this.mask = mask;
            this.h0 = h0;
            this.dDropped = dDropped;
            this.dh = dh;
            this.values = values;
            steps = h.dim(0);
            batch = h.dim(1);
            hidden = h.dim(2);
            long rows = (long) steps * batch * CudaTensor.ELEMENT;
            device.scratch().reserve(3 * rows + (long) batch * CudaTensor.ELEMENT);
            DevicePointer own = device.scratch().pointer();
            arSums = own;
            differenceSums = own.plus(rows);
            this.norms = norms == null ? own.plus(2 * rows) : norms.pointer();
            initialNorms = own.plus(3 * rows);
            long rowsOfText = padding == null ? (long) steps * batch : padding.steps();
            long pairs = padding == null ? (steps - 1L) * batch : padding.pairs();
            long first = padding == null ? batch : padding.first();
            boolean isPaper = spec.normForm() == Regularization.NormForm.PAPER;
            boolean initial = isPaper && spec.includeInitial();
            long differences = isPaper ? pairs + (initial ? first : 0) : steps < 2 ? 0 : steps;
            boolean stabilizes = spec.gamma() != 0 && differences > 0;
            form = !stabilizes ? FORM_NONE : isPaper ? FORM_PAPER : FORM_SEED;
            numbers.clear()
                    .putFloat(coefficient(spec.alpha(), rowsOfText * hidden))
                    .putFloat(coefficient(spec.beta(), pairs * hidden))
                    .putFloat(stabilizes ? coefficient(spec.gamma(), differences) : 0)
                    .putInt(spec.arOn() == Regularization.ArOn.RAW ? 1 : 0)
                    .putInt(form)
                    .putInt(initial ? 1 : 0)
                    .clear();
        }

        /** Of a gradient: twice that of the value. */
        private static float coefficient(float weight, long divisor) {
            return divisor == 0 ? 0 : (float) (2.0 * weight / divisor);
        }

        private void main(int phase) {
            int tile = tile();
            boolean wide = hidden % 4 == 0
                    && h.isAligned()
                    && h0.isAligned()
                    && dDropped.isAligned()
                    && dh.isAligned()
                    && MaskBytes.isAligned(mask);
            main.begin()
                    .tensor(dh)
                    .pointer(norms)
                    .pointer(arSums)
                    .pointer(differenceSums)
                    .pointer(initialNorms)
                    .tensor(values)
                    .tensor(dDropped)
                    .tensor(h)
                    .tensor(h0)
                    .struct(device.masks().of(mask))
                    .struct(numbers)
                    .tensor(padding == null ? null : CudaTensor.of(padding.ids()))
                    .int32(padding == null ? 0 : padding.token())
                    .int32(phase)
                    .int32(tile)
                    .int32(steps)
                    .int32(batch)
                    .int32(hidden)
                    .int32(wide ? 4 : 1)
                    .launch(batch, Kernel.blocks(steps, tile), sharedBytes(tile));
        }

        private void values() {
            sumUp.begin()
                    .tensor(values)
                    .pointer(arSums)
                    .pointer(differenceSums)
                    .pointer(norms)
                    .pointer(initialNorms)
                    .struct(numbers)
                    .tensor(padding == null ? null : CudaTensor.of(padding.ids()))
                    .int32(padding == null ? 0 : padding.token())
                    .int32(steps)
                    .int32(batch)
                    .launch(1);
        }

        /** The rows of a tile, one on either side and the mask, then three numbers of each row. */
        private int sharedBytes(int tile) {
            return ((tile + 3) * hidden + 3 * (tile + 2)) * CudaTensor.ELEMENT;
        }

        private int tile() {
            int tile = Math.min(LARGEST_TILE, steps);
            while (tile > 1 && sharedBytes(tile) > sharedBytes) {
                tile--;
            }
            if (sharedBytes(tile) > sharedBytes) {
                throw new DeviceException("The regularizers on " + device + " take layers of at most "
                        + sharedBytes / CudaTensor.ELEMENT / 4 + " units, and the last layer has " + hidden + ".");
            }
            return tile;
        }
    }
}

package dev.tarn.backend.cuda;

import dev.tarn.backend.Mask;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Lays a mask out as {@code DropoutMask} of {@code kernels/philox.cuh}. Thread-safety: none. */
final class MaskBytes {

    private static final int NONE = 0;
    private static final int DRAWN = 1;
    private static final int GIVEN = 2;

    private final ByteBuffer bytes = ByteBuffer.allocate(40).order(ByteOrder.nativeOrder());

    /** The same buffer each time. */
    ByteBuffer of(Mask mask) {
        bytes.clear();
        if (mask instanceof Mask.Drawn drawn) {
            bytes.putLong(0)
                    .putInt(drawn.key().key0())
                    .putInt(drawn.key().key1())
                    .putInt(drawn.key().word1())
                    .putInt(drawn.key().word2())
                    .putInt(drawn.key().word3())
                    .putInt(drawn.threshold())
                    .putFloat(drawn.scale())
                    .putInt(DRAWN);
        } else {
            long values = mask instanceof Mask.Given given
                    ? CudaTensor.of(given.values()).address()
                    : 0;
            bytes.putLong(values).putLong(0).putLong(0).putLong(0).putInt(0).putInt(values == 0 ? NONE : GIVEN);
        }
        return bytes.clear();
    }

    /** Whether four entries of the mask can be taken at once from a multiple of four on. */
    static boolean isAligned(Mask mask) {
        return !(mask instanceof Mask.Given given)
                || CudaTensor.of(given.values()).isAligned();
    }
}

package dev.tarn.train;

import dev.tarn.DivergedException;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Tensor;
import dev.tarn.nn.Parameter;
import dev.tarn.nn.ParameterStore;
import java.nio.Buffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;

/** Stops a run whose numbers are no longer numbers. Losses are looked at every step, tensors only when one is not finite. */
final class FiniteCheck {

    static final String MEND = " Lower --lr, or set --clip; the last good checkpoint is kept.";

    private FiniteCheck() {}

    /** Throws unless loss, penalties and, where it was measured, the norm of the gradients are finite. */
    static void require(StepLoss loss, Backend backend, ParameterStore parameters) {
        // An unmeasured gradient norm is NaN and a measured one that is not finite makes the weights, and with them the
        // next loss, NaN: the total alone is enough.
        if (!Double.isFinite(loss.total()) || Double.isInfinite(loss.gradientNorm())) {
            throw new DivergedException(
                    "The loss of step " + loss.step() + " is " + loss.total() + where(backend, parameters) + MEND);
        }
    }

    /** Throws unless the validation loss is finite. */
    static void require(Validation validation, int epoch, Backend backend, ParameterStore parameters) {
        if (!Double.isFinite(validation.loss())) {
            throw new DivergedException("The validation loss of epoch " + epoch + " is " + validation.loss()
                    + where(backend, parameters) + MEND);
        }
    }

    private static String where(Backend backend, ParameterStore parameters) {
        for (Parameter parameter : parameters.all()) {
            if (!isFinite(backend, parameter.value())) {
                return ", and the first tensor that is no longer finite is the weight " + parameter.name() + ".";
            }
            if (!isFinite(backend, parameter.gradient())) {
                return ", and the first tensor that is no longer finite is the gradient of " + parameter.name() + ".";
            }
        }
        return ", while all weights and gradients are finite.";
    }

    private static boolean isFinite(Backend backend, Tensor tensor) {
        float[] values = new float[Math.toIntExact(tensor.size())];
        backend.download(tensor, values);
        return isFinite(FloatBuffer.wrap(values));
    }

    /** Whether all values of a buffer of floats or doubles are finite. */
    static boolean isFinite(Buffer values) {
        for (int i = values.position(); i < values.limit(); i++) {
            double value = values instanceof DoubleBuffer doubles ? doubles.get(i) : ((FloatBuffer) values).get(i);
            if (!Double.isFinite(value)) {
                return false;
            }
        }
        return true;
    }
}

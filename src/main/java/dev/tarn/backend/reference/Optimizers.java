package dev.tarn.backend.reference;

import dev.tarn.backend.Segment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The updates of flat parameters, element by element. */
final class Optimizers {

    private final Arithmetic arithmetic;

    Optimizers(Arithmetic arithmetic) {
        this.arithmetic = arithmetic;
    }

    private interface Element {
        void at(long index, int group);
    }

    private static void forEach(List<Segment> segments, Element element) {
        for (Segment segment : segments) {
            for (long i = segment.offset(); i < segment.offset() + segment.count(); i++) {
                element.at(i, segment.group());
            }
        }
    }

    void clip(ReferenceTensor gradients, List<Segment> segments, double maxNorm, ReferenceTensor clip) {
        double[] sum = {0};
        forEach(segments, (i, group) -> {
            double g = gradients.real(i);
            sum[0] = arithmetic.round(sum[0] + arithmetic.round(g * g));
        });
        double norm = arithmetic.round(Math.sqrt(sum[0]));
        clip.setReal(0, norm);
        clip.setReal(1, arithmetic.round(Math.min(1, maxNorm / (norm + 1e-6))));
    }

    void adam(
            ReferenceTensor parameters,
            ReferenceTensor gradients,
            ReferenceTensor m,
            ReferenceTensor v,
            List<Segment> segments,
            double[] lr,
            double[] wd,
            boolean decoupled,
            double beta1,
            double beta2,
            double eps,
            long step,
            @Nullable ReferenceTensor clip) {
        double correction1 = 1 - Math.pow(beta1, (double) step);
        double correction2 = Math.sqrt(1 - Math.pow(beta2, (double) step));
        forEach(segments, (i, group) -> {
            double g = decay(parameters, gradients, clip, i, lr[group], wd[group], decoupled);
            double mean = arithmetic.round(beta1 * m.real(i) + (1 - beta1) * g);
            double square = arithmetic.round(beta2 * v.real(i) + (1 - beta2) * arithmetic.round(g * g));
            m.setReal(i, mean);
            v.setReal(i, square);
            double denominator = arithmetic.round(arithmetic.round(Math.sqrt(square)) / correction2 + eps);
            subtract(parameters, i, lr[group] / correction1 * mean / denominator);
        });
    }

    void sgd(
            ReferenceTensor parameters,
            ReferenceTensor gradients,
            @Nullable ReferenceTensor buffer,
            List<Segment> segments,
            double[] lr,
            double[] wd,
            boolean decoupled,
            double momentum,
            long step,
            @Nullable ReferenceTensor clip) {
        forEach(segments, (i, group) -> {
            double g = decay(parameters, gradients, clip, i, lr[group], wd[group], decoupled);
            if (buffer == null || momentum == 0) {
                subtract(parameters, i, lr[group] * g);
                return;
            }
            double moved = step == 1 ? g : arithmetic.round(momentum * buffer.real(i) + g);
            buffer.setReal(i, moved);
            subtract(parameters, i, lr[group] * moved);
        });
    }

    /** Decays a parameter, or its gradient, and returns the clipped gradient. */
    private double decay(
            ReferenceTensor parameters,
            ReferenceTensor gradients,
            @Nullable ReferenceTensor clip,
            long i,
            double lr,
            double wd,
            boolean decoupled) {
        double g = gradients.real(i);
        if (clip != null) {
            g = arithmetic.round(g * clip.real(1));
        }
        if (decoupled) {
            subtract(parameters, i, lr * wd * parameters.real(i));
            return g;
        }
        return arithmetic.round(g + wd * parameters.real(i));
    }

    void average(ReferenceTensor parameters, ReferenceTensor average, List<Segment> segments, double weight) {
        forEach(segments, (i, group) -> {
            double difference = arithmetic.round(parameters.real(i) - average.real(i));
            average.setReal(i, arithmetic.round(average.real(i) + arithmetic.round(difference * weight)));
        });
    }

    private void subtract(ReferenceTensor parameters, long i, double change) {
        parameters.setReal(i, arithmetic.round(parameters.real(i) - arithmetic.round(change)));
    }
}

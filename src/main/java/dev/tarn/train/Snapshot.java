package dev.tarn.train;

import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Tensor;
import dev.tarn.nn.ParameterStore;
import java.util.HashMap;
import java.util.Map;

/** Weights and optimizer as they were, kept on the device so that putting them back is exact. */
final class Snapshot implements AutoCloseable {

    private final Backend backend;
    private final ParameterStore parameters;
    private final Optimizer optimizer;
    private final Arena arena;
    private final Tensor weights;
    private final Map<String, Tensor> tensors = new HashMap<>();
    private final OptimizerState state;

    /** Takes copies of everything. */
    Snapshot(Backend backend, ParameterStore parameters, Optimizer optimizer) {
        this.backend = backend;
        this.parameters = parameters;
        this.optimizer = optimizer;
        this.arena = backend.arena("snapshot");
        try {
            optimizer.useEvaluationWeights();
            weights = copy("weights", parameters.values());
            state = optimizer.save((name, tensor) -> tensors.put(name, copy(name, tensor)));
            optimizer.useTrainingWeights();
        } catch (RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    private Tensor copy(String name, Tensor source) {
        Tensor copy = arena.real(name, Math.toIntExact(source.size()));
        backend.copy(source, copy);
        return copy;
    }

    /** Puts everything back. */
    void restore() {
        backend.copy(weights, parameters.values());
        optimizer.restore(state, (name, tensor) -> {
            Tensor kept = tensors.get(name);
            if (kept == null) {
                throw new IllegalStateException("the snapshot has no " + name);
            }
            backend.copy(kept, tensor);
        });
        parameters.changed();
    }

    @Override
    public void close() {
        arena.close();
    }
}

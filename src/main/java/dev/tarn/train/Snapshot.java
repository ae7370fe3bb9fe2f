package dev.tarn.train;

import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Tensor;
import dev.tarn.model.TrainableModel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Model and optimizer as they were, kept on the device so that putting them back is exact. */
final class Snapshot implements AutoCloseable {

    private final Backend backend;
    private final TrainableModel model;
    private final Optimizer optimizer;
    private final Arena arena;
    private final Tensor weights;
    private final List<Tensor> buffers = new ArrayList<>();
    private final long batchesTracked;
    private final Map<String, Tensor> tensors = new HashMap<>();
    private final OptimizerState state;

    /** Takes copies of everything. */
    Snapshot(TrainableModel model, Optimizer optimizer) {
        this.backend = model.backend();
        this.model = model;
        this.optimizer = optimizer;
        this.arena = backend.arena("snapshot");
        try {
            optimizer.useEvaluationWeights();
            weights = copy("weights", model.parameters().values());
            state = optimizer.save((name, tensor) -> tensors.put(name, copy(name, tensor)));
            optimizer.useTrainingWeights();
            model.buffers().forEach(buffer -> buffers.add(copy(buffer.name(), buffer.value())));
            batchesTracked = model.batchesTracked();
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
        backend.copy(weights, model.parameters().values());
        optimizer.restore(state, (name, tensor) -> {
            Tensor kept = tensors.get(name);
            if (kept == null) {
                throw new IllegalStateException("the snapshot has no " + name);
            }
            backend.copy(kept, tensor);
        });
        for (int i = 0; i < buffers.size(); i++) {
            backend.copy(buffers.get(i), model.buffers().get(i).value());
        }
        model.batchesTracked(batchesTracked);
        model.parameters().changed();
    }

    @Override
    public void close() {
        arena.close();
    }
}

package dev.tarn.model;

import dev.tarn.backend.Backend;
import dev.tarn.nn.Buffer;
import dev.tarn.nn.ParameterStore;
import java.util.List;

/** What training, checkpoints and transfer need of a model, whatever it is for. */
public interface TrainableModel extends AutoCloseable {

    /** What it runs on. */
    Backend backend();

    /** Its trainable tensors with their layer groups. */
    ParameterStore parameters();

    /** The number of layer groups. */
    default int groups() {
        return parameters().groups();
    }

    /** Tensors that training changes without gradients. */
    default List<Buffer> buffers() {
        return List.of();
    }

    /** fastai's names of the counters of training batches, which all hold {@link #batchesTracked()}. */
    default List<String> counters() {
        return List.of();
    }

    /** How many training batches the buffers come from. */
    default long batchesTracked() {
        return 0;
    }

    /** Sets {@link #batchesTracked()}, together with the buffers that it belongs to. */
    default void batchesTracked(long batches) {}

    /** Frees parameters and buffers, after all workspaces. */
    @Override
    void close();
}

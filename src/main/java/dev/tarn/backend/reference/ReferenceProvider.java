package dev.tarn.backend.reference;

import dev.tarn.DeviceException;
import dev.tarn.backend.Backend;
import dev.tarn.backend.BackendOptions;
import dev.tarn.backend.BackendProvider;
import dev.tarn.backend.Precision;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Offers {@code --device reference} everywhere, but never to {@code auto}. */
public final class ReferenceProvider implements BackendProvider {

    static final String NAME = "reference";

    /** Called by {@link java.util.ServiceLoader}. */
    public ReferenceProvider() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int rank() {
        return -1;
    }

    @Override
    public @Nullable String unavailable() {
        return null;
    }

    @Override
    public List<Precision> precisions() {
        return List.of(Precision.F64);
    }

    /**
     * Opens the only reference device there is. It has one precision, double, and takes any wish for another as that, so
     * that a command line can be repeated with nothing but its device changed; {@link Backend#info()} says so.
     */
    @Override
    public Backend open(int index, BackendOptions options) {
        requireAutoLstm(options);
        if (index != 0) {
            throw new DeviceException("--device reference:" + index
                    + " does not exist: there is one reference device; use --device reference.");
        }
        return new ReferenceBackend();
    }
}

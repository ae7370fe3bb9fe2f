package dev.tarn.nn;

import dev.tarn.ConfigException;
import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Segment;
import dev.tarn.backend.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * All parameters of a model in one flat tensor of weights and one of gradients, in the order of their layer groups.
 *
 * <p>Each parameter starts at a multiple of {@link #ALIGNMENT} elements; the gaps hold zeros and stay zero, since every
 * optimizer step maps a zero weight with a zero gradient to zero. That is why neighbours of one group, gaps included, make
 * up one {@link Segment}.
 *
 * <p>Ownership: holds the arena of both tensors, freed by {@link #close}. Thread-safety: none.
 */
public final class ParameterStore implements AutoCloseable {

    /** Elements that every offset is a multiple of: 64 bytes of floats, a cache line and the widest vector. */
    public static final int ALIGNMENT = 16;

    private final Backend backend;
    private final Arena arena;
    private final Tensor values;
    private final Tensor gradients;
    private final List<Parameter> all;
    private final Map<String, Parameter> byName = new LinkedHashMap<>();
    private final int groups;
    private long version;

    private ParameterStore(Backend backend, List<Declaration> declarations, int length) {
        this.backend = backend;
        this.arena = backend.arena("parameters");
        try {
            values = arena.real("weights", length);
            gradients = arena.real("gradients", length);
        } catch (RuntimeException e) {
            arena.close();
            throw e;
        }
        List<Parameter> parameters = new ArrayList<>();
        int highest = 0;
        for (Declaration d : declarations) {
            Parameter parameter = new Parameter(
                    d.name, d.offset, d.group, values.view(d.offset, d.shape), gradients.view(d.offset, d.shape));
            parameters.add(parameter);
            if (byName.put(d.name, parameter) != null) {
                throw new IllegalArgumentException("two parameters are named " + d.name);
            }
            highest = Math.max(highest, d.group);
        }
        all = List.copyOf(parameters);
        groups = highest + 1;
    }

    /** Starts the list of parameters; they are laid out in the order in which they are added. */
    public static Builder builder() {
        return new Builder();
    }

    /** [n] the weights of all parameters, with zeros in the gaps. */
    public Tensor values() {
        return values;
    }

    /** [n] the gradients of all parameters, laid out as {@link #values}. */
    public Tensor gradients() {
        return gradients;
    }

    /** The parameters in the order in which they lie. */
    public List<Parameter> all() {
        return all;
    }

    /**
     * The parameter of that name.
     *
     * @throws IllegalArgumentException if there is none
     */
    public Parameter get(String name) {
        Parameter parameter = byName.get(name);
        if (parameter == null) {
            throw new IllegalArgumentException("no parameter is named " + name + "; there are " + byName.keySet());
        }
        return parameter;
    }

    /** Whether there is a parameter of that name. */
    public boolean has(String name) {
        return byName.containsKey(name);
    }

    /** The number of layer groups. */
    public int groups() {
        return groups;
    }

    /** The number of trainable numbers, gaps not counted. */
    public long count() {
        return all.stream().mapToLong(Parameter::size).sum();
    }

    /**
     * What an optimizer step covers: one segment for each group from {@code frozenTo} on, as fastai's
     * {@code freeze_to}.
     *
     * @param frozenTo the first group that trains, 0..groups; with {@code groups} nothing trains
     */
    public List<Segment> segments(int frozenTo) {
        if (frozenTo < 0 || frozenTo > groups) {
            throw new IllegalArgumentException("frozenTo " + frozenTo + " is not in 0.." + groups);
        }
        List<Segment> segments = new ArrayList<>();
        for (int index = 0; index < all.size(); index++) {
            Parameter parameter = all.get(index);
            if (parameter.group() < frozenTo) {
                continue;
            }
            long end = index + 1 < all.size() ? all.get(index + 1).offset() : values.size();
            int last = segments.size() - 1;
            if (last >= 0 && segments.get(last).group() == parameter.group()) {
                Segment open = segments.get(last);
                segments.set(last, new Segment(open.offset(), end - open.offset(), open.group()));
            } else {
                segments.add(new Segment(parameter.offset(), end - parameter.offset(), parameter.group()));
            }
        }
        return List.copyOf(segments);
    }

    /** Sets every gradient to zero. */
    public void zeroGradients() {
        backend.zero(gradients);
    }

    /** Says that weights changed on the device, by an optimizer step: plans load them anew at their next use. */
    public void changed() {
        version++;
    }

    /** Grows with every change of the weights that this store was told of. */
    public long version() {
        return version;
    }

    /** Copies one parameter to the host. */
    public float[] floats(String name) {
        Parameter parameter = get(name);
        float[] host = new float[Math.toIntExact(parameter.size())];
        backend.download(parameter.value(), host);
        return host;
    }

    /** As {@link #floats}, with all the digits that {@code reference} has. */
    public double[] doubles(String name) {
        Parameter parameter = get(name);
        double[] host = new double[Math.toIntExact(parameter.size())];
        backend.download(parameter.value(), host);
        return host;
    }

    /** Copies the gradient of one parameter to the host. */
    public double[] gradient(String name) {
        Parameter parameter = get(name);
        double[] host = new double[Math.toIntExact(parameter.size())];
        backend.download(parameter.gradient(), host);
        return host;
    }

    /** Sets one parameter from the host; the length must be that of the parameter. */
    public void set(String name, float[] host) {
        backend.upload(host, get(name).value());
        changed();
    }

    /** As {@link #set(String, float[])}, with all the digits that {@code reference} keeps. */
    public void set(String name, double[] host) {
        backend.upload(host, get(name).value());
        changed();
    }

    @Override
    public void close() {
        arena.close();
    }

    private static final class Declaration {

        final String name;
        final int group;
        final long offset;
        final int[] shape;

        Declaration(String name, int group, long offset, int[] shape) {
            this.name = name;
            this.group = group;
            this.offset = offset;
            this.shape = shape;
        }
    }

    /** Collects parameters before the flat tensors are allocated. */
    public static final class Builder {

        private final List<Declaration> declarations = new ArrayList<>();
        private long length;
        private long count;

        private Builder() {}

        /**
         * Adds a parameter behind the ones before it.
         *
         * @param group its layer group, at least that of the parameter before it
         */
        public Builder add(String name, int group, int... shape) {
            if (!declarations.isEmpty() && declarations.get(declarations.size() - 1).group > group) {
                throw new IllegalArgumentException(name + " of group " + group + " comes after a later group");
            }
            declarations.add(new Declaration(name, group, length, shape.clone()));
            long size = Arrays.stream(shape).asLongStream().reduce(1, Math::multiplyExact);
            count += size;
            length += (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
            return this;
        }

        /** The number of trainable numbers so far, gaps not counted. */
        public long count() {
            return count;
        }

        /**
         * Allocates the tensors.
         *
         * @throws dev.tarn.OutOfDeviceMemoryException if they do not fit
         * @throws ConfigException if the model has more parameters than one tensor can hold
         */
        public ParameterStore build(Backend backend) {
            if (length > Integer.MAX_VALUE - ALIGNMENT) {
                throw new ConfigException("The model has " + length + " parameters and at most "
                        + (Integer.MAX_VALUE - ALIGNMENT)
                        + " are supported; use a smaller vocabulary, --emb-sz or --n-hid.");
            }
            return new ParameterStore(backend, declarations, (int) length);
        }
    }
}

package dev.tarn.bench;

import org.bytedeco.pytorch.AdamW;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.CompilationUnit;
import org.bytedeco.pytorch.Function;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.QualifiedName;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** The peer's optimizer: Adam with decoupled weight decay over all parameters. */
interface TorchAdamW {

    /** Updates the parameters from their gradients. */
    void step();

    /** The optimizer class of libtorch's C++ interface, which works parameter by parameter with temporaries. */
    static TorchAdamW ofLibrary(TensorVector parameters, Recipe recipe) {
        AdamWOptions options = new AdamWOptions(recipe.lr());
        options.weight_decay().put(recipe.wd());
        options.betas().put(0, recipe.beta1()).put(1, recipe.beta2());
        options.eps().put(recipe.eps());
        AdamW optimizer = new AdamW(parameters, options);
        return optimizer::step;
    }

    /** PyTorch's {@code AdamW(fused=True)}: one pass, no temporaries. */
    static TorchAdamW fused(TensorVector parameters, Recipe recipe) {
        return new Fused(parameters, recipe);
    }

    /** Reaches {@code _fused_adamw_} through a script, the C++ interface having no function for it. */
    final class Fused implements TorchAdamW {

        private static final String SCRIPT = """
                def single(t: Tensor) -> List[Tensor]:
                    return [t]

                def append(l: List[Tensor], t: Tensor) -> int:
                    l.append(t)
                    return 0

                def update(p: List[Tensor], g: List[Tensor], m: List[Tensor], v: List[Tensor], s: List[Tensor],
                        lr: float, beta1: float, beta2: float, wd: float, eps: float) -> int:
                    none: List[Tensor] = []
                    torch._foreach_add_(s, 1)
                    torch._fused_adamw_(p, g, m, v, none, s, lr=lr, beta1=beta1, beta2=beta2,
                        weight_decay=wd, eps=eps, amsgrad=False, maximize=False)
                    return 0
                """;

        private final CompilationUnit script = torch.compile(SCRIPT);
        private final Function single = script.get_function(new QualifiedName("single"));
        private final Function append = script.get_function(new QualifiedName("append"));
        private final Function update = script.get_function(new QualifiedName("update"));
        private final TensorVector parameters;
        private final Recipe recipe;
        private final IValue values;
        private final IValue firstMoments;
        private final IValue secondMoments;
        private final IValue steps;

        Fused(TensorVector parameters, Recipe recipe) {
            this.parameters = parameters;
            this.recipe = recipe;
            TensorVector m = new TensorVector();
            TensorVector v = new TensorVector();
            TensorVector s = new TensorVector();
            for (long i = 0; i < parameters.size(); i++) {
                m.push_back(torch.zeros_like(parameters.get(i)));
                v.push_back(torch.zeros_like(parameters.get(i)));
                s.push_back(torch.zeros());
            }
            values = list(parameters);
            firstMoments = list(m);
            secondMoments = list(v);
            steps = list(s);
        }

        @Override
        public void step() {
            TensorVector gradients = new TensorVector();
            for (long i = 0; i < parameters.size(); i++) {
                gradients.push_back(parameters.get(i).grad());
            }
            NoGradGuard guard = new NoGradGuard();
            update.apply(new IValueVector(
                    values,
                    list(gradients),
                    firstMoments,
                    secondMoments,
                    steps,
                    new IValue(recipe.lr()),
                    new IValue(recipe.beta1()),
                    new IValue(recipe.beta2()),
                    new IValue(recipe.wd()),
                    new IValue(recipe.eps())));
            guard.deallocate();
        }

        private IValue list(TensorVector tensors) {
            IValue list = single.apply(new IValueVector(new IValue(tensors.get(0))));
            for (long i = 1; i < tensors.size(); i++) {
                Tensor tensor = tensors.get(i);
                append.apply(new IValueVector(list, new IValue(tensor)));
            }
            return list;
        }
    }
}

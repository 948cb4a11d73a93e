"""MNIST: from logistic regression to convolutions.

Claim: that of `mnist` in the catalog; of the test images double_conv gets 98.8 to 99.2 % right. At batch 50
the sixty small operations of PyTorch move more numbers than they compute: `offer` returns them as loops
compiled for these networks; they use one thread. `torch_update` is the same update written in plain PyTorch,
which a GPU takes, captured as a graph.

Five networks get the same 28x28 pixels. Logistic regression learns one template per digit (about 92 % right);
two hidden layers make the class boundaries nonlinear (97 to 98 %); convolutions find the same small strokes
at every position, which gets to 99 %.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Adam

from checkpoints.torch_io import TorchState
from engine.built_in_experiments import MnistParams
from engine.data import mnist
from engine.data.example_order import order
from engine.models import captured_updates
from engine.models.captured_updates import CapturedUpdates, Inputs, set_rate
from engine.models.cuda_graph import capture_on
from engine.models.images.architecture_from_torch import arrays_of, live_images_of
from engine.models.mnist_compiled_training import offer
from engine.worker.png import encode_grey
from engine.worker.run import Run

SPLIT_SEED = 42  # the same 6,000 validation images for every run: runs are to be compared
CLASSES = 10
MISTAKES, SHEET = 32, 8  # images that are shown of those taken for another digit, and in a line of them
EVALUATION_BATCH = 1000  # images per forward pass of a validation

# --- data ---------------------------------------------------------------------------------------------------


class TrainingImages:
    """A whole set as two tensors: pixels (N, 1, side, side) in [-1, 1], labels (N,).

    Preparing single images (load, convert, normalise, stack) costs more than training on them; 60,000 images
    are 188 MB, so all are prepared once, and a batch is one indexing operation.
    """

    def __init__(self, pixels: Tensor, labels: Tensor) -> None:
        floats = pixels.to(torch.float32).div_(127.5).sub_(1)
        # channels_last: the output of a convolution keeps the five channels of a pixel adjacent, and its
        # kernels reorder less.
        self.pixels = floats.unsqueeze(3).permute(0, 3, 1, 2)
        self.labels = labels.to(torch.int64)

    def __len__(self) -> int:
        return len(self.labels)


def load(run: Run) -> tuple[TrainingImages, TrainingImages, TrainingImages]:
    """Training, validation and test images; without MNIST the 8x8 digits, with a notice in the run."""
    digits = mnist.load(run.places, report=run.note)
    if digits.notice:
        run.notice(digits.notice)
    run.trains_on(digits.title, digits.fingerprint)
    run.pin(data=digits.fingerprint)
    parts = mnist.split(digits, SPLIT_SEED)
    pixels = torch.from_numpy(digits.train_images).to(run.device)
    labels = torch.from_numpy(digits.train_labels).to(run.device)
    train, validation = (torch.from_numpy(part).to(run.device) for part in (parts.train, parts.validation))
    test = torch.from_numpy(digits.test_images), torch.from_numpy(digits.test_labels)
    return (
        TrainingImages(pixels[train], labels[train]),
        TrainingImages(pixels[validation], labels[validation]),
        TrainingImages(*(array.to(run.device) for array in test)),
    )


# --- models -------------------------------------------------------------------------------------------------


def network(model: str, side: int) -> nn.Sequential:
    """Pixels (B, 1, side, side) -> logits (B, 10). Weights with side = 28:

    logistic 7,850; mlp 199,210; single_conv 1,014,924; double_conv and double_conv_dropout 262,914.
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    if model == "logistic":
        layers["flat"] = nn.Flatten()
        layers["output"] = nn.Linear(side * side, CLASSES)
    elif model == "mlp":
        layers["flat"] = nn.Flatten()
        layers["hidden1"], layers["relu1"] = nn.Linear(side * side, 200), nn.ReLU()
        layers["hidden2"], layers["relu2"] = nn.Linear(200, 200), nn.ReLU()
        layers["output"] = nn.Linear(200, CLASSES)
    else:
        convolutions = 1 if model == "single_conv" else 2
        for n in range(1, convolutions + 1):
            layers[f"conv{n}"] = nn.Conv2d(1 if n == 1 else 5, 5, kernel_size=5, padding=2)
            # Pooling first, then ReLU: the same function, on a quarter of the numbers.
            layers[f"pool{n}"], layers[f"relu{n}"] = nn.MaxPool2d(2), nn.ReLU()
        seen = 5 * (side // 2**convolutions) ** 2  # 5 * 14 * 14 = 980, or 5 * 7 * 7 = 245
        layers["flat"] = nn.Flatten()
        if model == "double_conv_dropout":
            layers["dropout"] = nn.Dropout(0.5)
        layers["hidden"], layers["relu"] = nn.Linear(seen, 1024), nn.ReLU()
        layers["output"] = nn.Linear(1024, CLASSES)
    return nn.Sequential(layers)


# --- evaluation ---------------------------------------------------------------------------------------------


@torch.no_grad()
def evaluate(
    net: nn.Module, images: TrainingImages, chosen: list[Tensor] | None = None
) -> tuple[float, float]:
    """Mean cross-entropy and accuracy over all images, dropout off; the predicted classes go to `chosen`."""
    net.eval()
    loss, right = 0.0, 0
    for start in range(0, len(images), EVALUATION_BATCH):
        labels = images.labels[start : start + EVALUATION_BATCH]
        logits = net(images.pixels[start : start + EVALUATION_BATCH])
        loss += F.cross_entropy(logits, labels, reduction="sum").item()
        predicted = logits.argmax(1)
        right += int((predicted == labels).sum())
        if chosen is not None:
            chosen.append(predicted)
    net.train()
    return loss / len(images), right / len(images)


def log_filters(net: nn.Sequential, run: Run) -> None:
    """Log the filters of each convolution as an image: a row per filter, a column per input channel."""
    for name, layer in net.named_children():
        if isinstance(layer, nn.Conv2d):
            filters = F.pad(layer.weight.detach(), (0, 1, 0, 1))  # (K, C, 6, 6), parted by a line of zeros
            run.image(f"filters/{name}", filters.permute(0, 2, 1, 3).flatten(2).flatten(0, 1).tolist())


def log_weights(net: nn.Sequential, run: Run) -> None:
    """Log the distribution of the weights of each layer."""
    for name, layer in net.named_children():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            run.histogram(f"weights/{name}", layer.weight)


def log_mistakes(images: TrainingImages, chosen: list[Tensor], run: Run) -> None:
    """Log how often each digit is taken for each, and the first images that are."""
    labels, predicted = images.labels.cpu(), torch.cat(chosen).cpu()
    counts = torch.bincount(labels * CLASSES + predicted, minlength=CLASSES**2).view(CLASSES, CLASSES)
    rows = [[str(digit), *row] for digit, row in enumerate(counts.tolist())]
    run.table("validation/confusion", ["digit", *(f"as {digit}" for digit in range(CLASSES))], rows)
    wrong = (labels != predicted).nonzero().flatten()[:MISTAKES]
    if len(wrong):
        pixels = (
            ((images.pixels[wrong.to(images.pixels.device), 0] + 1) * 127.5).round().to("cpu", torch.uint8)
        )
        sheet = F.pad(pixels, (0, 1, 0, 1, 0, MISTAKES - len(wrong)))  # (MISTAKES, side + 1, side + 1)
        side = sheet.shape[-1]
        lines = sheet.view(-1, SHEET, side, side).permute(0, 2, 1, 3).reshape(-1, SHEET * side)
        run.image("validation/mistakes", encode_grey([bytes(line) for line in lines.numpy()]))
        facts = zip(wrong.tolist(), labels[wrong].tolist(), predicted[wrong].tolist(), strict=True)
        run.table("validation/mistakes", ["image", "digit", "taken for"], [list(one) for one in facts])


class AccuracyGoal:
    """The validation accuracy that ends the run; saved in checkpoints, so that a resumed run has ended
    too."""

    def __init__(self, target: float | None) -> None:
        self.target, self.is_reached = target, False

    def update(self, accuracy: float) -> None:
        self.is_reached = self.target is not None and self.target <= accuracy

    def state_dict(self) -> dict[str, bool]:
        return {"is_reached": self.is_reached}

    def load_state_dict(self, state: dict[str, bool]) -> None:
        self.is_reached = bool(state["is_reached"])


# --- loop ---------------------------------------------------------------------------------------------------


def torch_update(net: nn.Module, optimizer: Adam, images: TrainingImages) -> Callable[..., Tensor]:
    """Returns a function that does one update on the images with the given indices, with that learning rate,
    and returns the loss."""

    def update(chosen: Tensor, rate: float | Tensor) -> Tensor:
        set_rate(optimizer, rate)
        x, y = images.pixels[chosen], images.labels[chosen]  # (B, 1, side, side), (B,)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return update


def one_by_one(update: Callable[..., Tensor | float]) -> Callable[[Sequence[Inputs]], list[float]]:
    return lambda updates: [float(update(*inputs)) for inputs in updates]


def train(params: MnistParams, run: Run) -> None:
    images, validation, test = load(run)
    net = network(params.model, side=images.pixels.shape[-1]).to(run.device)
    # fused: one pass over weights, gradients and both moments instead of a dozen
    optimizer = Adam(net.parameters(), lr=params.lr, fused=True)
    goal = AccuracyGoal(params.target)
    # Compiled loops for these layers, where they apply; their bits differ from PyTorch's, so they are pinned.
    kernels = offer(net, images.pixels.shape[-1], params.batch, run.places.cache, run.note)
    run.pin(kernels=kernels.name if kernels else "torch")
    together = captured_updates.steps_of(run.device)
    pictures = live_images_of(net, validation.pixels, run.keep)

    per_epoch = -(-len(images) // params.batch)  # the last batch may be smaller
    last = run.total(
        min(params.iterations or per_epoch * params.epochs, per_epoch * params.epochs), epoch=per_epoch
    )
    every = params.every or per_epoch
    shuffled_epoch = -1
    done = run.restore(TorchState(net, optimizer, extras={"goal": goal}))
    if run.has_begun_from_parent:
        goal.is_reached = False
    plain = torch_update(net, optimizer, images)
    if kernels:
        compiled = kernels.begin(net, optimizer, images.pixels, images.labels, run.seed)
        update = one_by_one(lambda chosen, rate: compiled(chosen))
    elif together > 1:
        update = CapturedUpdates(plain, [net], optimizer, run.note, capture_on(run.device))
    else:
        update = one_by_one(plain)
    step = done
    while step < last and not goal.is_reached:
        # The order of an epoch is a function of (seed, epoch): `step` alone determines where a run continues.
        epoch, batch = divmod(step, per_epoch)
        if epoch != shuffled_epoch:
            shuffled = torch.from_numpy(order(run.seed, epoch, len(images))).to(run.device)
            shuffled_epoch = epoch
        rate = run.set["lr"] or 0.0
        set_rate(optimizer, rate)
        # Up to the end of the epoch, the next validation, or the next multiple of `together`.
        end = min(last, (epoch + 1) * per_epoch, *(step - step % n + n for n in (every, together)))
        chosen = shuffled[batch * params.batch : (batch + end - step) * params.batch]
        for loss in update([(one, rate) for one in chosen.split(params.batch)]):
            step += 1
            run.log(step, loss=loss)

        if step % every == 0 or step == last:
            chosen_classes: list[Tensor] = []
            val_loss, val_accuracy = evaluate(net, validation, chosen_classes)
            goal.update(val_accuracy)
            run.log(step, val_loss=val_loss, val_accuracy=val_accuracy)
            print(f"step {step}: val_loss {val_loss:.4f}, val_accuracy {val_accuracy:.4f}")
            log_filters(net, run)
            log_weights(net, run)
            log_mistakes(validation, chosen_classes, run)
        run.sketch(step, lambda: pictures.parts(arrays_of(net)), at_once=step % every == 0)
        run.checkpoint(step)
        if run.should_stop:
            break

    if goal.is_reached or run.step == last:
        # The validation accuracy decides when to stop; the test images are evaluated only here.
        test_loss, test_accuracy = evaluate(net, test)
        run.log(run.step, test_loss=test_loss, test_accuracy=test_accuracy)

"""What is watched between two epochs: the loss, a validation set, callbacks."""

from __future__ import annotations

from typing import Any

from ._descent import Descent
from ._rows import Rows


class Watch:
    """Keeps an estimator's record of what improved.

    validation   rows that are not learned from, or None
    stops_early  whether the score on them decides when it is enough, and which weights are the best
    incremental  whether an epoch is a call of partial_fit
    """

    def __init__(
        self, estimator: Any, validation: Rows | None, *, stops_early: bool, incremental: bool
    ) -> None:
        self._estimator, self._validation = estimator, validation
        self._stops_early, self.incremental = stops_early, incremental

    def epoch_ends(self) -> None:
        """Measure, and count the epochs without improvement."""
        est = self._estimator
        score = self._measure()
        if self._stops_early:
            # NaN is no improvement to begin from: every score compares as not smaller, as in scikit-learn.
            is_worse = score < est.best_validation_score_ + est.tol
            if score > est.best_validation_score_:
                est.best_validation_score_ = score
                est._best = [w.copy() for w in (*est.coefs_, *est.intercepts_)]
        else:
            is_worse = est.loss_curve_[-1] > est.best_loss_ - est.tol
            est.best_loss_ = min(est.best_loss_, est.loss_curve_[-1])
        est._no_improvement_count = est._no_improvement_count + 1 if is_worse else 0

    def _measure(self) -> float:
        """The score on the validation set, if there is one."""
        est = self._estimator
        if self._validation is None:
            return float("nan")
        loss, score = est._validate(self._validation)
        if est.verbose:
            print(f"Validation score: {score:f}, validation loss: {loss:.8f}")
        return float(score)

    def is_enough(self, descent: Descent) -> bool:
        """Whether training ends here."""
        est = self._estimator
        if asked_to_stop(est):
            return True
        if est._no_improvement_count <= est.n_iter_no_change:
            return False
        watched = "Validation score" if self._stops_early else "Training loss"
        reason = f"{watched} did not improve more than tol={est.tol:f} for {est.n_iter_no_change} consecutive epochs."
        said = descent.gives_up()
        if est.verbose:
            print(reason, said or f"Setting learning rate to {descent.rate:f}")
        if said is None:
            est._no_improvement_count = 0
        elif self.incremental and self._stops_early:
            est.early_stopped_ = True
        return said is not None

    def go_back(self) -> None:
        """Take the best weights back."""
        est = self._estimator
        for w, best in zip((*est.coefs_, *est.intercepts_), est._best, strict=True):
            w[...] = best


def asked_to_stop(estimator: Any) -> bool:
    """Call all callbacks, and say whether one of them wants training to end."""
    wishes = [callback(estimator) for callback in estimator.callbacks or ()]  # each, whatever others say
    return any(wish is True for wish in wishes)

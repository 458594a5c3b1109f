"""CloudWatch's arithmetic between metrics, as far as the templates' alarms and dashboards use it.

Numbers, the ids of other metrics, + - * / and FILL(id, number); what else CloudWatch knows is refused and not passed over.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping

_SIGNS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def value_of(expression: str, values: Mapping[str, float]) -> float | None:
    """What an expression comes to in one period; None where one of its metrics has no figure then.

    Raises:
        ValueError: it has what is not played here.
    """
    return _value(ast.parse(expression, mode="eval").body, values, expression)


def _value(node: ast.expr, values: Mapping[str, float], whole: str) -> float | None:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=id):
            return values.get(id)
        case ast.Call(func=ast.Name(id="FILL"), args=[ast.Name(id=id), ast.Constant(value=int() | float() as number)]):
            return values.get(id, float(number))
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _SIGNS:
            one, other = _value(left, values, whole), _value(right, values, whole)
            if one is None or other is None or (isinstance(sign, ast.Div) and other == 0):
                return None
            return _SIGNS[type(sign)](one, other)
    raise ValueError(f"of metric math only + - * / and FILL are played here, not {whole!r}")

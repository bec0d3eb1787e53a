"""Apples and oranges: what a price, a number and a tax do to the total, forward and backward.

First with the lesson's layers, where every forward and every backward is called by hand; then with variables, where
the graph remembers by itself.
"""

import chainrule as cr

# Two apples of 100 won each, tax 10 %. The layers are joined by hand:  apple × number × tax.
mul_price, mul_tax = cr.MulLayer(), cr.MulLayer()

price = mul_price.forward(100.0, 2.0)
total = mul_tax.forward(price, 1.1)
print(f"forward   100 × 2 = {price:g},  {price:g} × 1.1 = {total:g}")

# Backward: the gradient 1 comes in at the end, and each multiplication passes it on times its *other* input.
dprice, dtax = mul_tax.backward(1.0)
dapple, dnumber = mul_price.backward(dprice)
print(f"backward  1 → dprice = {dprice:g}, dtax = {dtax:g} → dapple = {dapple:g}, dnumber = {dnumber:g}\n")

# Three oranges of 150 won as well: an addition, which passes the gradient on to both as it is.
mul_apple, mul_orange, add, mul_tax = cr.MulLayer(), cr.MulLayer(), cr.AddLayer(), cr.MulLayer()

apples = mul_apple.forward(100.0, 2.0)
oranges = mul_orange.forward(150.0, 3.0)
both = add.forward(apples, oranges)
total = mul_tax.forward(both, 1.1)
print(f"forward   {apples:g} + {oranges:g} = {both:g},  {both:g} × 1.1 = {total:g}")

dboth, dtax = mul_tax.backward(1.0)
dapples, doranges = add.backward(dboth)
dorange, dorange_number = mul_orange.backward(doranges)
dapple, dapple_number = mul_apple.backward(dapples)
print(f"backward  dapple = {dapple:g}, dapple_number = {dapple_number:g}, dorange = {dorange:.2g},", end=" ")
print(f"dorange_number = {dorange_number:g}, dtax = {dtax:g}\n")

# The same apples as variables, and a loss: the bill said 219. Nobody has to remember an order.
x, m, t = cr.variables(x=100.0, m=2, t=1.1)
z = x * m
f = z * t
L = 0.5 * (f - 219) ** 2
z.name, f.name, L.name = "z", "f", "L"
L.backward()
print(cr.Graph(L))

# What a gradient says, and for how far: a small change moves the loss by gradient × change, a large one by more.
print("\nchange       gradient × change   the loss moves by")
for name, change in (("x", 0.001), ("x", 1), ("m", 0.001), ("m", 1), ("t", 0.0001), ("t", 0.01)):
    values = {"x": 100.0, "m": 2.0, "t": 1.1}
    gradient = {"x": x, "m": m, "t": t}[name].grad
    values[name] += change
    moved = 0.5 * (values["x"] * values["m"] * values["t"] - 219) ** 2 - L.value
    print(f"{name} + {change:<8g} {gradient * change:17.4f} {moved:19.4f}")

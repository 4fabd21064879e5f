using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

namespace Koii.DbSharing.Conventions;

/// <summary>
/// Which types a compiled type refers to: in its bases, constraints, signatures, and the bodies of its methods.
/// </summary>
/// <remarks>
/// Two libraries do this too. TngTech.ArchUnitNET 0.13.5 misses what the bodies of async iterators use (14 of the core's
/// 770 references). NetArchTest.Rules 1.3.2 leaves out every type in a namespace of Microsoft's, where our extension
/// methods are, and does not name the reference.
/// </remarks>
internal static class TypeReferences
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> OpCodesByValue = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => code.Value);

    public static IReadOnlySet<Type> Of(Type type)
    {
        var found = new HashSet<Type>();
        Add(found, type.BaseType);
        foreach (var contract in type.GetInterfaces())
            Add(found, contract);
        AddConstraints(found, type.GetGenericArguments());
        foreach (var field in type.GetFields(Declared))
            Add(found, field.FieldType);
        foreach (var method in type.GetMethods(Declared).Cast<MethodBase>().Concat(type.GetConstructors(Declared)))
        {
            foreach (var parameter in method.GetParameters())
                Add(found, parameter.ParameterType);
            if (method is MethodInfo { ReturnType: var returned })
                Add(found, returned);
            if (method.IsGenericMethod)
                AddConstraints(found, method.GetGenericArguments());
            AddBody(found, method);
        }

        return found;
    }

    /// <summary>The types that the methods of a type construct.</summary>
    public static IEnumerable<Type> ConstructedBy(Type type) =>
        from method in type.GetMethods(Declared).Cast<MethodBase>().Concat(type.GetConstructors(Declared))
        let body = method.GetMethodBody()
        where body is not null
        from entry in Members(method, body)
        where entry.Code == OpCodes.Newobj && entry.Member?.DeclaringType is not null
        let constructed = entry.Member!.DeclaringType!
        select constructed.IsGenericType ? constructed.GetGenericTypeDefinition() : constructed;

    /// <summary>
    /// Whether the compiler made the type or a type around it: closures, state machines, constants, collections of
    /// literals.
    /// </summary>
    public static bool IsOfTheCompiler(Type type) =>
        type.Name.StartsWith('<')
        || type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false)
        || type.Namespace is "Microsoft.CodeAnalysis" or "System.Runtime.CompilerServices"
        || (type.DeclaringType is { } outer && IsOfTheCompiler(outer));

    private static void AddConstraints(HashSet<Type> found, Type[] parameters)
    {
        var open = parameters.Where(parameter => parameter.IsGenericParameter);
        foreach (var constraint in open.SelectMany(parameter => parameter.GetGenericParameterConstraints()))
            Add(found, constraint);
    }

    private static void AddBody(HashSet<Type> found, MethodBase method)
    {
        if (method.GetMethodBody() is not { } body)
            return;
        foreach (var local in body.LocalVariables)
            Add(found, local.LocalType);
        foreach (var (_, member) in Members(method, body))
        {
            Add(found, member as Type ?? member?.DeclaringType);
            if (member is MethodInfo { IsGenericMethod: true } generic)
            {
                foreach (var argument in generic.GetGenericArguments())
                    Add(found, argument);
            }
        }
    }

    private static IEnumerable<(OpCode Code, MemberInfo? Member)> Members(MethodBase method, MethodBody body)
    {
        var typeArguments = method.DeclaringType!.IsGenericType ? method.DeclaringType.GetGenericArguments() : null;
        var methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        return Tokens(body.GetILAsByteArray() ?? [])
            .Select(entry => (entry.Code, method.Module.ResolveMember(entry.Token, typeArguments, methodArguments)));
    }

    private static IEnumerable<(OpCode Code, int Token)> Tokens(byte[] il)
    {
        for (var at = 0; at < il.Length;)
        {
            var value = il[at] == 0xFE ? (short)((il[at] << 8) | il[at + 1]) : il[at];
            var code = OpCodesByValue[value];
            at += code.Size;
            if (code.OperandType is OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineType or OperandType.InlineTok)
                yield return (code, BitConverter.ToInt32(il, at));
            at += code.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(il, at)),
                _ => 4,
            };
        }
    }

    private static void Add(HashSet<Type> found, Type? type)
    {
        if (type is null)
            return;
        if (type.HasElementType)
        {
            Add(found, type.GetElementType());
            return;
        }

        if (type.IsGenericType)
        {
            foreach (var argument in type.GetGenericArguments())
            {
                if (!argument.IsGenericParameter && argument != type)
                    Add(found, argument);
            }

            type = type.GetGenericTypeDefinition();
        }

        if (!type.IsGenericParameter)
            found.Add(type);
    }
}
